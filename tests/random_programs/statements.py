"""Statements of random programs: names bound and bound anew, branches, loops, containers, functions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from .expressions import Expressions
from .scope import Container, Helper, Scope

_STEMS = {"vec": "h", "sca": "s", "arr": "a", "num": "n", "int": "i", "bool": "mask"}


class Statements(Expressions):
    """Writes statements. ``depth`` bounds how deep blocks nest."""

    def statements(self, low: int, high: int, nesting: int) -> None:
        """Between ``low`` and ``high`` statements."""
        for _ in range(self.number(low, high)):
            self.statement(nesting)

    def statement(self, nesting: int) -> None:
        """Any statement that makes no request of its own."""
        inner = nesting > 0
        write: Callable[[int], None] = self.pick(
            (12, self._assign),
            (4, self._assign_again),
            (2, self._assign_content),
            (3, self._container),
            (2, self._use_container),
            (2 if inner else 0, self._if),
            (3 if inner else 0, self._for),
            (1 if inner else 0, self._while),
            (2 if inner else 0, self.function),
            (1, self._lambda),
            (2 if self._gradients() else 0, self._use_gradient),
            (1, self._unpack),
        )
        write(nesting)

    # -- names

    def _assign(self, nesting: int) -> None:
        kind = self.pick((12, "vec"), (3, "sca"), (2, "arr"), (2, "num"), (1, "int"), (1, "bool"))
        text = self.expression(kind, self.number(1, 2))
        self.line(f"{self.bind(_STEMS[kind], kind)} = {text}")

    def _assign_again(self, nesting: int) -> None:
        """Bind a name anew: what it stood for is another thing from now on."""
        kind = self.pick((8, "vec"), (2, "sca"), (1, "arr"), (1, "num"))
        names = self.atoms(kind, own=True)
        names = [name for name in names if self.scope.names[name] == kind]
        if not names:
            self._assign(nesting)
            return
        name = self.one(names)
        if kind in ("vec", "sca") and self.chance(30):
            operator = self.one(("+=", "*=", "-=", "%=")) if kind == "vec" else "+="
            self.line(f"{name} {operator} {self.expression(self.one(('num', kind)), 1)}")
        elif kind == "vec" and self.chance(30):
            self.line(f"{name} = {name} {self.one(('*', '+', '-'))} {self.expression('vec', 1)}")
        else:
            self.line(f"{name} = {self.expression(kind, 2)}")

    def _assign_content(self, nesting: int) -> None:
        """A variable's content replaced."""
        names = self.atoms("var")
        if not names:
            self._assign(nesting)
            return
        method = self.one(("assign_sub", "assign_add", "assign"))
        text = self.expression("vec", 1)
        self.line(f"{self.one(names[:4])}.{method}({text if method == 'assign' else f'0.1 * ({text})'})")

    def _lambda(self, nesting: int) -> None:
        """A small function without a statement of its own."""
        body = self._inside((("t", "vec"),), lambda: self.expression("vec", 2))
        name = self.fresh("f")
        self.line(f"{name} = lambda t: {body}")
        self.scope.helpers.append(Helper(name, (("t", "vec", False, False),), "vec"))

    def _unpack(self, nesting: int) -> None:
        one, other = self.expression("vec", 1), self.expression("vec", 1)
        names = [self.bind("p", "vec"), self.bind("q", "vec")]
        self.line(f"{', '.join(names)} = {one}, {other}")

    # -- gradients

    def _gradients(self) -> list[str]:
        return [name for name, kind in self.scope.names.items() if kind in ("gvec", "gsca")]

    def _use_gradient(self, nesting: int) -> None:
        """A gradient, which may be None, in a step or in further steps."""
        name = self.one(self._gradients()[::-1])
        kind = {"gvec": "vec", "gsca": "sca"}[self.scope.names[name]]
        variables = self.atoms("var")
        names = [each for each in self.atoms("vec", own=True) if self.scope.names[each] == "vec"]
        how = self.pick((3, "or"), (3, "if"), (2, "step"))
        if how == "or":
            otherwise = self.expression(kind, 0)
            self.line(f"{self.bind('d', kind)} = tf.convert_to_tensor({name}) if {name} is not None else {otherwise}")
        elif how == "if" and variables:
            with self.block(f"if {name} is not None:"):
                self.line(f"{self.one(variables)}.assign_sub(0.1 * tf.convert_to_tensor({name}))")
        elif names:
            again = self.one(names)
            with ExitStack() as stack:
                if self.chance(70):
                    stack.enter_context(self.block(f"if {name} is not None:"))
                self.line(f"{again} = {again} - 0.1 * {name}")

    # -- containers

    def _container(self, nesting: int) -> None:
        type_ = self.pick((4, "list"), (2, "dict"), (2, "tuple"), (2, "made"))
        count = self.number(1, 3)
        if type_ == "made" and self.containers():
            of = self._container_of("vec")
            if of is not None:
                body = self._inside((("each", "vec"),), lambda: self.expression("vec", 1))
                name = self.fresh("made")
                if self.containers()[of].type == "dict":
                    self.line(f"{name} = {{key: {body} for key, each in {of}.items()}}")
                    items = dict(self.containers()[of].items)
                    self.scope.containers[name] = Container("dict", dict.fromkeys(items, "vec"))
                else:
                    self.line(f"{name} = [{body} for each in {of}]")
                    items = dict.fromkeys(self.containers()[of].items, "vec")
                    self.scope.containers[name] = Container("list", items)
                return
        texts = [self._element() for _ in range(count)]
        kinds = [kind for _, kind in texts]
        if type_ == "dict":
            keys = ["a", "b", "c"][:count]
            name = self.fresh("params")
            self.line(
                f"{name} = {{{', '.join(f'{key!r}: {text}' for key, (text, _) in zip(keys, texts, strict=True))}}}"
            )
            self.scope.containers[name] = Container(
                "dict", {f"[{key!r}]": kind for key, kind in zip(keys, kinds, strict=True)}
            )
            return
        inside = ", ".join(text for text, _ in texts)
        name = self.fresh("parts")
        self.line(f"{name} = ({inside},)" if type_ == "tuple" else f"{name} = [{inside}]")
        items = {f"[{place}]": kind for place, kind in enumerate(kinds)}
        self.scope.containers[name] = Container("tuple" if type_ == "tuple" else "list", items)

    def _element(self) -> tuple[str, str]:
        variables = self.atoms("var")
        if variables and self.chance(50):
            return self.one(variables), "var"
        return self.expression("vec", 1), "vec"

    def _container_of(self, kind: str) -> str | None:
        """A container all of whose elements may be used as ``kind``."""
        usable = ("vec", "var") if kind == "vec" else (kind,)
        names = [
            name
            for name, container in self.containers().items()
            if container.items and all(each in usable for each in container.items.values())
        ]
        return self.one(names) if names else None

    def _use_container(self, nesting: int) -> None:
        """An element replaced or added, or all of them added up."""
        names = [name for name, each in self.scope.containers.items() if each.type != "tuple" and each.items]
        if not names or self.chance(30):
            of = self._container_of("vec")
            if of is None:
                self._container(nesting)
                return
            values = f"{of}.values()" if self.containers()[of].type == "dict" else of
            text = self.one((f"tf.add_n(list({values}))", f"sum({values})", f"sum(each * 0.6 for each in {values})"))
            self.line(f"{self.bind('h', 'vec')} = {text}")
            return
        name = self.one(names)
        container = self.scope.containers[name]
        if self.chance(40):
            key = f"['k{len(container.items)}']" if container.type == "dict" else f"[{len(container.items)}]"
            text = self.expression("vec", 1)
            self.line(f"{name}{key} = {text}" if container.type == "dict" else f"{name}.append({text})")
            if self._straight():
                container.items[key] = "vec"
        else:
            key = self.one(list(container.items))
            self.line(f"{name}{key} = {self.expression('vec', 1)}")
            container.items[key] = "vec"
            if not self._straight():
                self._demote(name, key)

    def _demote(self, name: str, key: str) -> None:
        """What a branch puts into a container stays there."""
        for scope in self.scope.chain():
            if name in scope.containers and key in scope.containers[name].items:
                scope.containers[name].items[key] = "vec"

    def _straight(self) -> bool:
        """Whether what is written now is executed exactly once."""
        return not self._uncertain

    _uncertain = 0

    # -- branches and loops

    def _if(self, nesting: int) -> None:
        test = self.condition(0)
        self._uncertain += 1
        with self.branch(), self.block(f"if {test}:"):
            self.statements(1, 2, nesting - 1)
        if self.chance(50):
            with self.branch(), self.block("else:"):
                self.statements(1, 2, nesting - 1)
        self._uncertain -= 1

    def _for(self, nesting: int) -> None:
        self._uncertain += 1
        of = self._container_of("vec") if self.chance(50) else None
        with self.branch():
            if of is None:
                index = self.fresh("k")
                head = f"for {index} in range({self.one(('2', '1', '3', 'len(sys.argv) + 1'))}):"
            elif self.containers()[of].type == "dict":
                head = f"for key, {self.bind('each', 'vec')} in {of}.items():"
            else:
                each = self.bind("each", "vec")
                head = f"for k, {each} in enumerate({of}):" if self.chance(40) else f"for {each} in list({of}):"
            with self.block(head):
                self.statements(1, 2, nesting - 1)
                if self.chance(20):
                    with self.block(f"if {self.condition(0)}:"):
                        self.line(self.one(("break", "continue")))
        self._uncertain -= 1

    def _while(self, nesting: int) -> None:
        self._uncertain += 1
        count = self.fresh("turn")
        self.line(f"{count} = 0")
        with self.branch(), self.block(f"while {count} < {self.number(1, 3)}:"):
            self.line(f"{count} += 1")
            self.statements(1, 2, nesting - 1)
        self._uncertain -= 1

    # -- functions

    def function(self, nesting: int) -> None:
        """A helper: parameters with and without defaults, names of its own and those around it."""
        name = self.fresh("helper")
        params: list[tuple[str, str, bool, bool]] = [("x", "vec", False, False)]
        heads = ["x"]
        if self.chance(40):
            params.append(("y", "vec", False, False))
            heads.append("y")
        if self.chance(40):
            only = self.chance(50)
            kind = self.one(("num", "vec"))
            heads += (["*"] if only else []) + [f"scale={self.expression(kind, 0)}"]
            params.append(("scale", kind, True, only))
        returns = self.one(("vec", "vec", "sca"))

        def write() -> str:
            with self.block(f"def {name}({', '.join(heads)}):"):
                self._global(tuple(each for each, _, _, _ in params))
                self.statements(0, 2, min(nesting - 1, 1))
                if self.chance(15):
                    with self.block(f"if {self.condition(0)}:"):
                        self.line(f"return {self.expression(returns, 1)}")
                self.line(f"return {self.expression(returns, 2)}")
            return name

        self._inside(tuple((each, kind) for each, kind, _, _ in params), write)
        self.scope.helpers.append(Helper(name, tuple(params), returns))

    def _global(self, params: tuple[str, ...]) -> None:
        """A name of the module that the function may bind anew."""
        *_, module = self.scope.chain()
        names = [
            name for name, kind in module.names.items() if kind == "vec" and name not in params and name.isidentifier()
        ]
        if names and self.chance(12):
            name = self.one(names)
            self.line(f"global {name}")
            self.scope.names[name] = "vec"

    def _inside(self, params: tuple[tuple[str, str], ...], write: Callable[[], str]) -> str:
        """Write in a scope of its own, with parameters."""
        outer, uncertain = self.scope, self._uncertain
        self.scope, self._uncertain = Scope(outer, dict(params)), 1
        try:
            return write()
        finally:
            self.scope, self._uncertain = outer, uncertain
