// WeirSandbox
