commit prepared '{id}'
