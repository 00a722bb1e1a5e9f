using Fleet.Cli.Printing;
using Fleet.Core.Access;
using Fleet.Core.Actors;
using Fleet.Core.Storage;

namespace Fleet.Cli.Access;

/// <summary>The key of an admin that was made before there was a database: a deployment keeps it with its other secrets, and
/// <c>fleet db migrate</c> stores its hash.</summary>
internal static class ImportAdminKey
{
    /// <summary>The environment variable with the text of the key.</summary>
    public const string Variable = "FLEET_ADMIN_KEY";

    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    /// <summary>Stores the key, if there is one that is not stored yet.</summary>
    /// <exception cref="CommandFailedException">The variable holds no key.</exception>
    public static async Task ExecuteAsync(IStorage storage, CommandContext cli, CancellationToken ct)
    {
        if (cli.Read(Variable) is not { } given)
            return;
        var text = KeyText.Parse(given.Trim())
            ?? throw new CommandFailedException(
                $"{Variable}: it holds no API key, or a mistyped one; 'fleet key generate' prints one.", ExitCode.Usage);
        var create = new CreateKeys(storage, cli.Time);
        var request = new KeyRequest(Variable, Role.Admin.ToWord(), Lanes: null, Life);
        if (await create.ImportAsync(request, text, ThisProcess.User, ct) is not null)
            Output.Remark($"Stored the key {text} of {Variable}, for an admin.");
    }
}
