"""One computation for all who make the same call at once, in threads, tasks, processes or machines.

flights  within a process
locks    between processes and machines
signs    signs of life of who computes
owner    who computes, as the sign tells
waiting  how long a second process waits
"""
