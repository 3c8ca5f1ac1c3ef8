import ArgumentParser
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import WeirIngress

/// What the gate's refusals are compared with: the same Hummingbird, set up as the ingress sets it up, which reads
/// nothing of a request and answers each with the same few bytes of JSON.
struct EmptyServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "empty-server", abstract: "Answers everything with the same JSON.", shouldDisplay: false)

    @Option var port: Int

    func run() async throws {
        let loop = EventLoopExecutor()
        let body = ByteBuffer(string: #"{"status":"ok"}"#)
        let head = HTTPResponse(
            status: .ok,
            headerFields: [.contentType: "application/json", .contentLength: "\(body.readableBytes)"])
        let channel = HTTP1Channel.Configuration(
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 32_768, maxHeaderListSize: 32_768, maxHeaderFieldCount: 100))
        let server = try HTTPServerBuilder.http1(configuration: channel).buildServer(
            configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port), backlog: 1024),
            eventLoopGroup: loop.group, logger: Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() }
        ) { _, writer, _ in
            try await writer.write(response: head, body: ResponseBody(byteBuffer: body))
        } onServerRunning: { _ in
        }
        try await withTaskExecutorPreference(loop) { try await server.run() }
    }
}
