using System.CommandLine;
using Fleet.Cli.Access;
using Fleet.Cli.Broker;
using Fleet.Cli.Completion;
using Fleet.Cli.Config;
using Fleet.Cli.Db;
using Fleet.Cli.DeadLetters;
using Fleet.Cli.Dev;
using Fleet.Cli.Doctor;
using Fleet.Cli.Help;
using Fleet.Cli.Jobs;
using Fleet.Cli.Lanes;
using Fleet.Cli.Operations;
using Fleet.Cli.Runs;
using Fleet.Cli.Schedules;
using Fleet.Cli.Status;
using Fleet.Cli.Versions;
using Fleet.Cli.Views;
using Fleet.Cli.Workers;

namespace Fleet.Cli;

/// <summary>Every command. <c>fleet --help</c> shows this list.</summary>
public static class Commands
{
    /// <summary>Makes the root of them all.</summary>
    public static RootCommand Root(CommandContext cli)
    {
        var root = new RootCommand("Fleet, a job scheduler: enqueue runs, follow them, and look at schedules.")
        {
            cli.ServerOption,
            cli.OutputOption,
            cli.ColorOption,
            cli.ProfileOption,
            cli.KeyFileOption,
            DevCommand.Command(cli),
            StatusCommand.Command(cli),
            TopCommand.Command(cli),
            DoctorCommand.Command(cli),
            VersionCommand.Command(cli),
            new Command("run", "Enqueue, inspect, cancel, replay and delete runs.")
            {
                EnqueueRuns.Command(cli),
                GetRuns.Command(cli),
                ExplainRuns.Command(cli),
                ListRuns.Command(cli),
                CountRuns.Command(cli),
                RunLogs.Command(cli),
                WatchRuns.Command(cli),
                CancelRuns.Command(cli),
                ReplayRuns.Command(cli),
                DeleteRuns.Command(cli),
            },
            JobCommand.Command(cli),
            DbCommand.Command(cli),
            new Command("broker", "The exchanges and queues in RabbitMQ.")
            {
                ApplyTopology.Command(cli),
            },
            new Command("schedule", "Look at schedules, start, stop and trigger them.")
            {
                ListSchedules.Command(cli),
                GetSchedules.Command(cli),
                EditSchedules.CreateCommand(cli),
                EditSchedules.UpdateCommand(cli),
                NextFireTimes.Command(cli),
                ExplainOccurrences.Command(cli),
                SimulateSchedules.Command(cli),
                DiffSchedules.Command(cli),
                TriggerSchedules.Command(cli),
                BackfillSchedules.Command(cli),
                DeleteSchedules.Command(cli),
                GetScheduleFigures.Command(cli),
                ListOutcomes.Command(cli),
            },
            new Command("lane", "Look at lanes, pause and resume them.")
            {
                ListLanes.Command(cli),
                GetLanes.GetCommand(cli),
                PauseLanes.PauseCommand(cli),
                PauseLanes.ResumeCommand(cli),
                GetLanes.DemandCommand(cli),
            },
            new Command("worker", "Look at workers, drain and resume them.")
            {
                ListWorkers.Command(cli),
                GetWorkers.Command(cli),
                DrainWorkers.DrainCommand(cli),
                DrainWorkers.ResumeCommand(cli),
            },
            ApplySchedules.ApplyCommand(cli),
            ApplySchedules.DiffCommand(cli),
            ExportSchedules.Command(cli),
            CalendarCommand.Command(cli),
            ConfigCommand.Command(cli),
            CompletionCommand.Command(cli),
            HelpTopics.Command(cli),
        };
        var dead = new Command(
            "dead", "Dead letters: runs that failed for good. Messages that Fleet could not read are in the broker's queue fleet.parked.");
        foreach (var command in GetDeadLetters.Commands(cli))
            dead.Add(command);
        dead.Add(DeadGroups.GroupCommand(cli));
        dead.Add(ChangeDeadLetters.ReplayCommand(cli));
        dead.Add(ChangeDeadLetters.EditCommand(cli));
        dead.Add(ChangeDeadLetters.DiscardCommand(cli));
        dead.Add(DeadGroups.MuteCommand(cli));
        dead.Add(DeadGroups.UnmuteCommand(cli));
        dead.Add(ExportDeadLetters.ExportCommand(cli));
        dead.Add(ExportDeadLetters.ImportCommand(cli));
        root.Add(dead);
        var view = new Command("view", "Save queries for runs under a name.");
        foreach (var command in SavedViews.Commands(cli))
            view.Add(command);
        root.Add(view);
        var key = new Command("key", "API keys: who may call the server, and what for.");
        foreach (var command in KeyCommands.Commands(cli))
            key.Add(command);
        root.Add(key);
        var session = new Command("session", "People who are signed in.");
        foreach (var command in SessionCommands.Commands(cli))
            session.Add(command);
        root.Add(session);
        var operation = new Command("operation", "Changes of all runs that match a query: how far they are.");
        foreach (var command in OperationCommands.Commands(cli))
            operation.Add(command);
        root.Add(operation);
        root.Add(WhoAmICommand.Command(cli));
        root.Add(AuditCommand.Command(cli));
        foreach (var command in ControlSchedules.Commands(cli))
            root.Subcommands.Single(c => c.Name == "schedule").Add(command);
        HelpWithExamples.UseIn(root);
        return root;
    }
}
