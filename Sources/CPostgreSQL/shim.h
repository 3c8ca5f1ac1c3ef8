// What Swift cannot import from libpq as it stands.
#pragma once
#include <libpq-fe.h>

// The fields of an error report are character literals, and Swift imports no macro of that kind.
static const int CPG_DIAG_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int CPG_DIAG_SQLSTATE = PG_DIAG_SQLSTATE;
static const int CPG_DIAG_MESSAGE = PG_DIAG_MESSAGE_PRIMARY;
static const int CPG_DIAG_DETAIL = PG_DIAG_MESSAGE_DETAIL;
static const int CPG_DIAG_HINT = PG_DIAG_MESSAGE_HINT;
static const int CPG_DIAG_CONTEXT = PG_DIAG_CONTEXT;
static const int CPG_DIAG_POSITION = PG_DIAG_STATEMENT_POSITION;
static const int CPG_DIAG_TABLE = PG_DIAG_TABLE_NAME;
static const int CPG_DIAG_CONSTRAINT = PG_DIAG_CONSTRAINT_NAME;
