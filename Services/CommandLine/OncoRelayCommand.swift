import ArgumentParser

/// The command `oncorelay`: everything that a person, or a script, does by hand.
@main
struct OncoRelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oncorelay",
        abstract: "Message-driven analysis of MR studies. Research use only. Not for diagnosis.",
        discussion: """
            A study goes in over AMQP, five services work on it, its result comes out on a topic. This command publishes \
            studies and waits for their results, owns the broker's exchanges and queues, brings parked messages back, \
            and says what runs and what is wrong.

            JSON goes to standard output; progress, tables asked for beside it, and errors go to standard error. \
            Each option may be given by its environment variable instead; the option wins.

            Exit codes: 0 done. 1 something is not as it should be (told in the output). 3 the study was rejected, \
            4 it failed, 5 its result is partial, 6 no answer in time. 64 wrong use or a setting that cannot be used, \
            65 the data cannot be used, 66 a file cannot be read, 69 the broker or the store cannot be reached or \
            refuses, 70 a fault of this program, 130 interrupted.
            """,
        version: "0.1.0",
        subcommands: [
            ClassifyCommand.self,
            PublishCommand.self,
            WatchCommand.self,
            TopologyCommand.self,
            DeadLettersCommand.self,
            StatusCommand.self,
            DoctorCommand.self,
            PhantomCommand.self,
            DatasetCommand.self,
            ImageCommand.self,
            ModelCommand.self,
            TrainCommand.self,
            EvaluateCommand.self,
            StatisticsCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            CommandEnd.exit(with: error)
        }
    }
}
