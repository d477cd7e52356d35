from package.base import Base
from package.helpers import scaled


class Child(Base):
    def __init__(self):
        super().__init__()
        self.offset = 1.0

    def energy(self, x):
        return scaled(self, x) + self.offset
