// WeirCore
