"""`atexit`, and finalizers at the very end."""

import atexit


def at_end(n):
    print(work(n), sys._getframe().f_back is None or sys._getframe().f_back.f_code.co_name)


for i in range(3):
    atexit.register(at_end, i + 10)


class Late:
    def __del__(self):
        print("late", helper(3))


kept = Late()
