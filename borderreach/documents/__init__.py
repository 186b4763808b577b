"""Documents as parts (headings, paragraphs, tables, figures, sources), and who writes them as files.

What a document says is told apart from how a format shows it: whoever puts one together hands over plain text, and
each writer makes of it what its format takes for text. The entry points are those that `__init__.pyi` lists.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
