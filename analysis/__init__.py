"""What is computed on the ground: travel times, isochrones, zones, corridors and their comparison."""
