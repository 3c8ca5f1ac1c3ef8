import Foundation

/// Asks the broker things without `rabbitmqctl`, whose Erlang takes half a second to start.
///
/// The broker is started with a few lines of Erlang that listen on a Unix socket in its folder, which only
/// its user and root may enter, and evaluate what they are sent. The functions called through it are those
/// behind `rabbitmqctl`, the same from RabbitMQ 3.7 to 4.
struct RabbitmqControl: Sendable {
    let path: String

    var isListening: Bool {
        LocalSocket(path: path, seconds: 2) != nil
    }

    /// Evaluates Erlang expressions, ending in a full stop, and returns the last one's value as Erlang prints
    /// it.
    func evaluate(_ expressions: String, seconds: Int = 30) async throws -> String {
        try await Waiting.offAsyncThreads { try evaluateBlocking(expressions, seconds: seconds) }
    }

    /// Makes a virtual host in which `user` may do everything.
    func addVhost(_ name: String, user: String) async throws {
        let all = #"<<".*">>"#
        _ = try await evaluate(
            """
            ok = rabbit_vhost:add(<<"\(name)">>, <<"\(user)">>),
            ok = rabbit_auth_backend_internal:set_permissions(
                <<"\(user)">>, <<"\(name)">>, \(all), \(all), \(all), <<"\(user)">>).
            """)
    }

    private func evaluateBlocking(_ expressions: String, seconds: Int) throws -> String {
        guard let socket = LocalSocket(path: path, seconds: seconds) else {
            throw SandboxError("the sandbox's RabbitMQ does not run; look into its log")
        }
        let question = Array(expressions.utf8)
        guard socket.send(withUnsafeBytes(of: UInt32(question.count).bigEndian, Array.init) + question),
            let prefix = socket.receive(4),
            let answer = socket.receive(prefix.reduce(0) { $0 << 8 | Int($1) })
        else {
            throw SandboxError("the sandbox's RabbitMQ gave no answer within \(seconds) s to: \(expressions)")
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("ok ") else {
            throw SandboxError("RabbitMQ answered \(text) to: \(expressions)")
        }
        return String(text.dropFirst(3))
    }

    /// One question per connection, each in a process of its own: a slow one does not hold up the next.
    static let script = #"""
        Path = os:getenv("WEIR_SANDBOX_CONTROL"),
        Evaluate = fun(Source) ->
            try
                {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Source)),
                {ok, Expressions} = erl_parse:parse_exprs(Tokens),
                {value, Value, _} = erl_eval:exprs(Expressions, []),
                io_lib:format("ok ~tp", [Value])
            catch
                Class:Reason -> io_lib:format("error ~tp ~tp", [Class, Reason])
            end
        end,
        Answer = fun(Socket) ->
            case gen_tcp:recv(Socket, 0, 30000) of
                {ok, Source} -> gen_tcp:send(Socket, unicode:characters_to_binary(Evaluate(Source)));
                {error, _} -> nobody_asked
            end,
            gen_tcp:close(Socket)
        end,
        Listen = fun() ->
            file:delete(Path),
            Options = [{ifaddr, {local, Path}}, binary, {packet, 4}, {active, false}, {backlog, 64}],
            {ok, Listener} = gen_tcp:listen(0, Options),
            Accept = fun Again() ->
                {ok, Socket} = gen_tcp:accept(Listener),
                Worker = spawn(fun() -> receive go -> Answer(Socket) end end),
                ok = gen_tcp:controlling_process(Socket, Worker),
                Worker ! go,
                Again()
            end,
            Accept()
        end,
        spawn(Listen).

        """#
}
