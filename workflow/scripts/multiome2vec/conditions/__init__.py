"""What differs between conditions: shares of types, and genes and regions within a type."""
