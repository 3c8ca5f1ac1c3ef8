// WeirTopology
