from allocator.standing import standing
