#!/bin/sh
# Sourced by what runs tests: the `nats` command there knows nothing of the contexts and servers of whoever starts them.
XDG_CONFIG_HOME=${TMPDIR:-/tmp}/nunect-tests-without-config
export XDG_CONFIG_HOME
for name in $(env | sed -n 's/^\(NATS_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
