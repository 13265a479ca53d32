"""A little object-relational mapper in memory: typed field descriptors, a registry, lazy relations by `__getattr__`."""

from checking import checked

FULL, SMALL = 5000, 30
EXPECTED = {
    FULL: (22498, 40, 460, 12, 490, ["Book 92", "BOOK 362", "Book 1092"]),
    SMALL: (173, 1, 3, 3, 3, ["Book 11", "BOOK 25", "Book 12"]),
}


class ValidationError(ValueError):
    pass


class Field:
    def __init__(self, *, default=None, required=False):
        self.default = default
        self.required = required

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return instance._values.get(self.name, self.default)

    def __set__(self, instance, value):
        if value is None and self.required:
            raise ValidationError(f"{self.name} is required")
        if value is not None:
            value = self.clean(value)
        if instance._values.get(self.name) != value:
            instance._values[self.name] = value
            instance._dirty.add(self.name)

    def clean(self, value):
        return value


class IntegerField(Field):
    def __init__(self, *, minimum=None, maximum=None, **options):
        super().__init__(**options)
        self.minimum = minimum
        self.maximum = maximum

    def clean(self, value):
        value = int(value)
        if self.minimum is not None and value < self.minimum:
            raise ValidationError(f"{self.name} is below {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            raise ValidationError(f"{self.name} is above {self.maximum}")
        return value


class TextField(Field):
    def __init__(self, *, length=100, **options):
        super().__init__(**options)
        self.length = length

    def clean(self, value):
        if not isinstance(value, str):
            raise ValidationError(f"{self.name} must be text")
        return value.strip()[: self.length]


class ForeignKey(IntegerField):
    def __init__(self, target, **options):
        super().__init__(**options)
        self.target = target


class QuerySet:
    def __init__(self, model, filters=()):
        self.model = model
        self.filters = tuple(filters)

    def filter(self, **conditions):
        return QuerySet(self.model, [*self.filters, *conditions.items()])

    def __iter__(self):
        for row in self.model._rows.values():
            if all(self.matches(row, condition, wanted) for condition, wanted in self.filters):
                yield row

    @staticmethod
    def matches(row, condition, wanted):
        name, _, operation = condition.partition("__")
        value = getattr(row, name)
        if operation == "":
            return value == wanted
        if operation == "gt":
            return value > wanted
        if operation == "lt":
            return value < wanted
        if operation == "in":
            return value in wanted
        raise ValueError(f"unknown operation {operation}")

    def order_by(self, name):
        return sorted(self, key=lambda row: getattr(row, name))

    def count(self):
        return sum(1 for _ in self)


class Model:
    registry = {}  # noqa: RUF012

    def __init_subclass__(cls):
        cls._fields = {name: field for name, field in vars(cls).items() if isinstance(field, Field)}
        cls._relations = {
            name.removesuffix("_id"): field for name, field in cls._fields.items() if isinstance(field, ForeignKey)
        }
        cls._rows = {}
        Model.registry[cls.__name__] = cls

    def __init__(self, **values):
        self._values = {}
        self._dirty = set()
        for name, value in values.items():
            if name not in self._fields:
                raise TypeError(f"{type(self).__name__} has no field {name}")
            setattr(self, name, value)

    def __getattr__(self, name):
        # Only called when normal lookup has failed: relations in both directions.
        relation = type(self)._relations.get(name)
        if relation is not None:
            return Model.registry[relation.target]._rows[getattr(self, relation.name)]
        if name.endswith("_set"):
            model = Model.registry[name.removesuffix("_set").capitalize()]
            key = type(self).__name__.lower() + "_id"
            return QuerySet(model).filter(**{key: self.id})
        raise AttributeError(f"{type(self).__name__} has no attribute {name}")

    def save(self):
        if self._values.get("id") is None:
            self.id = len(self._rows) + 1
        self._rows[self.id] = self
        changed = len(self._dirty)
        self._dirty.clear()
        return changed

    @classmethod
    def objects(cls):
        return QuerySet(cls)


class Author(Model):
    id = IntegerField()
    name = TextField(length=20, required=True)
    born = IntegerField(minimum=1000, maximum=2100)


class Book(Model):
    id = IntegerField()
    title = TextField(required=True)
    pages = IntegerField(minimum=1, default=100)
    author_id = ForeignKey("Author", required=True)


def run(size=FULL):
    Author._rows.clear()
    Book._rows.clear()
    written = failures = 0
    for number in range(12):
        written += Author(name=f"  Author {number} ", born=1900 + 7 * number).save()
    for number in range(size):
        try:
            book = Book(title=f"Book {number}", pages=number * 37 % 500 - 3, author_id=number % 12 + 1)
        except ValidationError:
            failures += 1
            book = Book(title=f"Leaflet {number}", author_id=str(number % 12 + 1))
        written += book.save()

    names = [book.author.name for book in Book.objects().filter(pages__gt=450)]
    per_author = {author.name: author.book_set.filter(pages__lt=50).count() for author in Author.objects()}
    for book in Book.objects().filter(author_id__in={2, 3, 5}):
        book.pages += 10
        book.title = book.title.upper()
        written += book.save()
    oldest = [book.title for book in Book.objects().filter(pages__gt=400).order_by("pages")[:3]]
    result = written, failures, len(names), len(set(names)), sum(per_author.values()), oldest
    return checked(result, EXPECTED[size])
