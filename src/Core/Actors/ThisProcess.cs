using System.Reflection;
using System.Text.RegularExpressions;
using Fleet.Core.Text;

namespace Fleet.Core.Actors;

/// <summary>This process as an actor, in each of its roles.</summary>
public static partial class ThisProcess
{
    /// <summary>The program's name, version and process, such as <c>Shop 2.1.0 on web-3/1234</c>.</summary>
    public static string Name { get; } = NameProgram();

    /// <summary>Code of the application that uses Fleet in its own process.</summary>
    public static Actor Program { get; } = Actor.Create(ActorKind.Program, Name);

    /// <summary>The leader.</summary>
    public static Actor Scheduler { get; } = Actor.Create(ActorKind.Scheduler, Name);

    /// <summary>The worker.</summary>
    public static Actor Worker { get; } = Actor.Create(ActorKind.Worker, Name);

    /// <summary>The user of the machine, for a command that works without the API.</summary>
    public static Actor User { get; } =
        Actor.TryCreate(ActorKind.Person, Environment.UserName, address: null, out var user) ? user : Program;

    /// <summary>The program's name alone.</summary>
    public static string ProgramName => StoredText.Cut(ControlCharacters.Escape(Entry?.GetName().Name ?? ""), Actor.MaxName);

    /// <summary>The program's version; empty when it has none.</summary>
    public static string ProgramVersion => StoredText.Cut(ControlCharacters.Escape(VersionText), Actor.MaxName);

    private static Assembly? Entry => Assembly.GetEntryAssembly();

    private static string VersionText => Entry is null ? "" : Text.ProgramVersion.Of(Entry).Version;

    /// <summary>True if the actor is this program, in whatever version, and on whatever machine and in whatever process.</summary>
    public static bool IsSameProgram(Actor actor) => actor.Kind == ActorKind.Program
        && OtherName().Match(actor.Name) is { Success: true } other && other.Groups["program"].Value == ProgramName;

    private static string NameProgram()
    {
        var name = $"{ProgramName} {VersionText} on {Environment.MachineName}/{Environment.ProcessId}";
        return StoredText.Cut(ControlCharacters.Escape(name), Actor.MaxName);
    }

    /// <summary>What <see cref="Name"/> looks like.</summary>
    [GeneratedRegex(@"^(?<program>.*) \S+ on [^ ]*/\d+$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex OtherName();
}
