"""The sockets: UDP, HTTP(S), name resolution and the policy of which addresses may be asked. Only this room sends.

`trackerwatch.probe.prober.SocketProber` is what an engine is given. It is imported from its module, so that importing this
package costs nothing.
"""
