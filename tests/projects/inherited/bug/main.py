from package.child import Child

Child().train([1.0, -2.0])
