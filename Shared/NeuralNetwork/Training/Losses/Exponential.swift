internal import Glibc

/// eˣ.
func exponential(_ value: Float) -> Float { expf(value) }

/// eˣ.
func exponential(_ value: Double) -> Double { exp(value) }

/// ln(1 + x), exact for small x.
func logarithmOfOnePlus(_ value: Double) -> Double { log1p(value) }
