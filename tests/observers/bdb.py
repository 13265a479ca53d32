"""`bdb`: stepping, breakpoints."""

import bdb


class Recorder(bdb.Bdb):
    def user_call(self, frame, args):
        self.note("call", frame)

    def user_line(self, frame):
        self.note("line", frame)

    def user_return(self, frame, value):
        self.note("return", frame)

    def user_exception(self, frame, info):
        self.note("exception", frame)

    def note(self, event, frame):
        if events(frame.f_code):
            seen.append((event, frame.f_code.co_name, frame.f_lineno))
        if len(seen) > 12:
            self.set_continue()
        elif len(seen) > 5:
            self.set_next(frame)


for repeat in range(3):
    seen = []
    recorder = Recorder()
    recorder.runcall(work, 5)
    print(seen)
    seen = []
    recorder.set_break(__file__, helper.__code__.co_firstlineno + 3)
    recorder.runcall(consume, 3)
    print(seen, recorder.get_all_breaks() == {__file__: [helper.__code__.co_firstlineno + 3]})
    recorder.clear_all_breaks()
