"""What functions of the user's own modules do to gradients, as the configuration describes it."""

from __future__ import annotations

from collections.abc import Mapping

#: What functions of the user's own modules do to gradients, by their full names: one word (``flows``, ``zero``,
#: ``none``, ``raises``) for all arguments, or one for each parameter, in the order of the definition; or the class of
#: the model that a function gives, such as ``keras.Model``.
Gradients = dict[str, str | Mapping[str, str]]
