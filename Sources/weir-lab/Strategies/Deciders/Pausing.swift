import Glibc

/// Lets the calling thread rest.
func pause(milliseconds: Double) { usleep(UInt32(milliseconds * 1_000)) }

/// A rest before another attempt: random, and longer with each attempt up to 10 ms, so that rivals spread.
func pause(attempt: Int) { pause(milliseconds: Double.random(in: 0...min(10, 0.2 * Double(attempt)))) }
