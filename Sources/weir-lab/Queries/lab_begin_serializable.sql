begin isolation level serializable
