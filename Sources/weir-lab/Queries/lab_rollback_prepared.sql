rollback prepared '{id}'
