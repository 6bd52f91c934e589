"""Statistical process control: pure functions, arrays in, frozen results out."""
