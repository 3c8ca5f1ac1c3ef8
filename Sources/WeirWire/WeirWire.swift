// WeirWire
