using System.Reflection;
using Fleet.Core.Text;

namespace Fleet.Core.Actors;

/// <summary>This process as an actor, in each of its roles.</summary>
public static class ThisProcess
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

    private static string NameProgram()
    {
        var entry = Assembly.GetEntryAssembly();
        var version = entry?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0] ?? entry?.GetName().Version?.ToString();
        var name = $"{entry?.GetName().Name} {version} on {Environment.MachineName}/{Environment.ProcessId}";
        return StoredText.Cut(ControlCharacters.Escape(name), Actor.MaxName);
    }
}
