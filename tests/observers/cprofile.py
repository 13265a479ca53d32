"""`cProfile`: who called whom how often."""

import cProfile, pstats

for repeat in range(3):
    profile = cProfile.Profile()
    profile.enable()
    work(50)
    consume(10)
    Point(1).moved(2)
    catches(3)
    sorted([3, 1], key=helper)
    profile.disable()
    stats = pstats.Stats(profile).stats
    print(
        sorted(
            (key[1:], value[:2], sorted(k[2] for k in value[4]))
            for key, value in stats.items()
            if "whipsnake" not in str(key)
        )
    )
    work(100)
profile = cProfile.Profile()
print(profile.runcall(work, 30))
print(sorted((key[2], value[:2]) for key, value in pstats.Stats(profile).stats.items()))
