-- The first phase; the id stands where the braces are, for this statement takes no parameters.
prepare transaction '{id}'
