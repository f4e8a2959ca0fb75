"""What a cache directory says of itself: texts for people, backup programs and git."""

from __future__ import annotations

README = """\
This directory is a cache of function results, made by memodisk (import memodisk).

Everything here can be deleted at any time: the worst that happens is that something is computed again.

  v1/<function>/<first hex digit>/<key>.record.json    what was called, with which arguments, when, how long it took
  v1/<function>/<first hex digit>/<digest>.<suffix>    the result: .npy, .parquet, .pkl, .txt, ... open it with any tool
  v1/<function>/code/<fingerprint>.txt                 the code that a result was made with, as a list to diff

A record points at its result by "digest"; a result is named by the digest of its own bytes.

Look around:
  ls v1                                            which functions
  du -sh v1/*                                      how much space each takes
  jq -r '[.function, .seconds, .bytes, (.arguments | tostring)] | @tsv' v1/*/*/*.record.json
  find v1 -type f -mtime +30 -delete               forget what nobody used for 30 days
  rm -r v1/<function>                              forget one function

You may move or copy the directory: all names inside are relative. Open results only from people you trust: a .pkl file
can run code when it is opened.
"""
TAG = """\
Signature: 8a477f597d28d172789f06886806bc55
# This file marks a cache directory made by memodisk, so that backup programs can leave it out.
# See https://bford.info/cachedir/
"""

#: File names and texts. The tag comes last: where it is, the others are.
NOTICES = {".gitignore": "*\n", "README.txt": README, "CACHEDIR.TAG": TAG}
