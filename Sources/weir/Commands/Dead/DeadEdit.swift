import ArgumentParser
import Foundation
import WeirLive
import WeirWire

struct DeadEdit: WeirCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Mends a dead letter, so that it can be sent again.",
        discussion: """
            Without --set, --unset, --type or --body it opens the body in $EDITOR. What a worker would still refuse is \
            not saved. The token cannot change, and what it was before stays in the history.
            """)
    @OptionGroup var settings: CommandSettings
    @OptionGroup var signature: SignatureOptions
    @Argument(help: "The letter's id.")
    var id: Int64
    @Option(help: "Sets a member of the body, as in quantity=2; may be repeated.")
    var set: [String] = []
    @Option(help: "Takes a member out of the body; may be repeated.")
    var unset: [String] = []
    @Option(help: "Sets the message's type, as in weir.intent.submit.v1.")
    var type: String?
    @Option(help: "Takes the whole body from a file.")
    var body: String?

    func execute() async throws {
        var edit = LetterEdit()
        edit.type = type
        for assignment in set { try edit.set(assignment) }
        for name in unset { edit.members.append((name, nil)) }
        if let body {
            guard let bytes = FileManager.default.contents(atPath: body) else {
                throw Failure("the file '\(body)' cannot be read", .usage)
            }
            edit.body = Array(bytes)
        }
        var draft: Draft?
        if edit.members.isEmpty, edit.type == nil, edit.body == nil {
            let letter = try await withShelf(settings) { [id] in try $0.letter(id) }
            guard let letter else { throw Failure("there is no dead letter \(id)", .failed) }
            let made = try Draft(letter.body ?? [], of: id)
            edit.body = try made.open()
            draft = made
            guard edit.body != letter.body else {
                made.remove()
                return say("nothing was changed")
            }
        }
        do {
            let (id, signature) = (id, signature.signature)
            let letter = try await withShelf(settings) { [edit] in try $0.edit(id, edit, signature) }
            draft?.remove()
            if settings.json {
                printJSON { letter.write(to: &$0) }
            } else {
                print("dead letter \(id) now reads: \(shown(letter.body ?? []))")
                print("send it with: weir dead replay --where token=\(letter.token ?? "…")")
            }
        } catch {
            if let draft { say("weir: your text is kept in \(draft.path)") }
            throw error
        }
    }
}

/// A body in a file that nobody else can read, while a person edits it.
private struct Draft {
    let path: String
    private let hadLineFeed: Bool

    init(_ body: [UInt8], of id: Int64) throws {
        path = NSTemporaryDirectory() + "weir-letter-\(id)-\(UUID().uuidString.prefix(8)).json"
        hadLineFeed = body.last == UInt8(ascii: "\n")
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(body), attributes: [.posixPermissions: 0o600])
        else { throw Failure("the file '\(path)' cannot be written", .failed) }
    }

    /// Runs the editor and returns what the file says afterwards, without the line feed that editors add.
    func open() throws -> [UInt8] {
        let environment = ProcessInfo.processInfo.environment
        let editor = environment["VISUAL"] ?? environment["EDITOR"] ?? "vi"
        // The shell, because an editor may be set with arguments; and not Foundation's Process, which would put it
        // into a process group that may not read from the terminal.
        let words = ["/bin/sh", "-c", "\(editor) \"$1\"", "sh", path]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var child = pid_t()
        guard posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0 else {
            throw Failure("the editor '\(editor)' cannot be started; set EDITOR, or use --set", .failed)
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            remove()
            throw Failure(
                "the editor '\(editor)' failed; nothing was saved. Set EDITOR, or use --set", .failed)
        }
        guard let text = FileManager.default.contents(atPath: path) else {
            throw Failure("the file '\(path)' cannot be read", .failed)
        }
        var bytes = Array(text)
        if !hadLineFeed, bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return bytes
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
