"""The ground: places, boundaries, borders, coordinate systems and transport networks."""
