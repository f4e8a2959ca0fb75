"""The files of one cache directory: where they lie, how they are published, read and listed. Knows no functions.

layout                  where everything lies
location                which directory a cache lies in
record                  the record: its fields, as JSON
read                    reading, verified
publish                 writing: the blob first, then the record
blob_writer, temporary  files in progress
listing, entries        names, sizes and times
store                   all of these together, and removing
memory                  small results kept in memory
freshener               marking as used
mounts, lookup          what differs on network drives
notices                 what a directory says of itself
"""
