"""What people look at: Leaflet maps and static figures."""
