"""A template engine: text with `{{ values | filters }}`, `{% for %}` and `{% if %}`, compiled to nodes and rendered."""

import re

from checking import checked

FULL, SMALL = 600, 2
EXPECTED = {FULL: (482417, 1200, 4500, 3000, 6001), SMALL: (2037, 10, 10, 10, 21)}

TOKEN = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)

FILTERS = {
    "upper": str.upper,
    "title": str.title,
    "escape": lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    "money": lambda value: f"{value:,.2f}",
    "length": len,
}


class TemplateError(Exception):
    pass


class Context:
    """A stack of scopes."""

    def __init__(self, values):
        self.scopes = [values]

    def push(self, values):
        self.scopes.append(values)

    def pop(self):
        self.scopes.pop()

    def lookup(self, path):
        first, *rest = path.split(".")
        for scope in reversed(self.scopes):
            if first in scope:
                value = scope[first]
                break
        else:
            raise TemplateError(f"{first} is not defined")
        for name in rest:
            value = value[name] if isinstance(value, dict) else getattr(value, name)
            if callable(value):
                value = value()
        return value


class Text:
    def __init__(self, text):
        self.text = text

    def render(self, context, output):
        output.append(self.text)


class Value:
    def __init__(self, expression):
        self.path, *self.filters = [part.strip() for part in expression.split("|")]

    def evaluate(self, context):
        value = context.lookup(self.path)
        for name in self.filters:
            value = FILTERS[name](value)
        return value

    def render(self, context, output):
        output.append(str(self.evaluate(context)))


class For:
    def __init__(self, variable, items, body):
        self.variable = variable
        self.items = Value(items)
        self.body = body

    def render(self, context, output):
        items = list(self.items.evaluate(context))
        for index, item in enumerate(items):
            loop = {"index": index + 1, "last": index == len(items) - 1, "odd": index % 2 == 0}
            context.push({self.variable: item, "loop": loop})
            for node in self.body:
                node.render(context, output)
            context.pop()


class If:
    def __init__(self, condition, body, otherwise):
        self.negated = condition.startswith("not ")
        self.condition = Value(condition.removeprefix("not "))
        self.body = body
        self.otherwise = otherwise

    def render(self, context, output):
        truth = bool(self.condition.evaluate(context)) != self.negated
        for node in self.body if truth else self.otherwise:
            node.render(context, output)


class Template:
    def __init__(self, source):
        self.tokens = TOKEN.split(source)
        self.position = 0
        self.nodes, ending = self.parse()
        if ending is not None:
            raise TemplateError(f"unexpected {ending}")

    def parse(self, *endings):
        nodes = []
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            if token.startswith("{{"):
                nodes.append(Value(token[2:-2]))
            elif token.startswith("{%"):
                words = token[2:-2].split()
                if words[0] in endings:
                    return nodes, words[0]
                nodes.append(self.tag(words))
            elif token:
                nodes.append(Text(token))
        if endings:
            raise TemplateError(f"missing {' or '.join(endings)}")
        return nodes, None

    def tag(self, words):
        match words:
            case ["for", variable, "in", items]:
                body, _ = self.parse("endfor")
                return For(variable, items, body)
            case ["if", *condition]:
                body, ending = self.parse("else", "endif")
                otherwise = self.parse("endif")[0] if ending == "else" else []
                return If(" ".join(condition), body, otherwise)
            case _:
                raise TemplateError(f"unknown tag {words}")

    def render(self, **values):
        output = []
        context = Context(values)
        for node in self.nodes:
            node.render(context, output)
        return "".join(output)


PAGE = """<html><head><title>{{ shop.name | title | escape }}</title></head><body>
{% for category in categories %}<h2 id="c{{ loop.index }}">{{ category.name | upper }}</h2>
<p>{{ category.articles | length }} articles</p>
<ul>{% for article in category.articles %}
  <li class="{% if loop.odd %}odd{% else %}even{% endif %}">{{ article.name | escape }}:
  {% if not article.sold_out %}{{ article.price | money }} {{ shop.currency }}{% else %}sold out{% endif %}
  {% for tag in article.tags %}#{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}</li>{% endfor %}
</ul>{% endfor %}
</body></html>
"""


class Article:
    def __init__(self, number):
        self.name = f"Article <{number}> & more"
        self.price = number * 12.5
        self.sold_out = number % 5 == 0
        self._tags = ["new", "red", "small", "used"][: number % 4]

    def tags(self):
        return self._tags


def run(size=FULL):
    template = Template(PAGE)
    categories = [
        {"name": f"category {letter}", "articles": [Article(number) for number in range(size)]}
        for letter in "abcdefghij"
    ]
    page = template.render(shop={"name": "corner <shop>", "currency": "EUR"}, categories=categories)
    result = len(page), page.count("sold out"), page.count("#new"), page.count("odd"), page.count("&lt;")
    return checked(result, EXPECTED[size])
