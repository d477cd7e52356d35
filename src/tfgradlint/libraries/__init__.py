"""What libraries mean to the flow: one folder or module a library, found by listing this package."""
