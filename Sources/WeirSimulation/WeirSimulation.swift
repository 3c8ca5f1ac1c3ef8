// WeirSimulation
