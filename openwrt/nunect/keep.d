/etc/nunect/
