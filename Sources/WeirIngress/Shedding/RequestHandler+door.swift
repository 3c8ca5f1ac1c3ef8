import NIOCore

extension RequestHandler {
    /// What the connections ask while the server sheds load.
    var door: DoorKeeper.Door {
        let shed = ReadyAnswer { Answer(Self.shed) }
        return DoorKeeper.Door(
            isShedding: { [self] in shedding.isShedding && logger.logLevel > .debug },
            admits: { [self] in shedding.admits() },
            mustRead: { [self] in gate?.isClosedToSome ?? false },
            answer: { [self] in
                metrics.countRefused(.overloaded)
                return shed.bytes
            })
    }
}
