// WeirIngress
