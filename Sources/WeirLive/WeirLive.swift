// WeirLive
