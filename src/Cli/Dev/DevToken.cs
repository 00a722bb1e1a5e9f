using Fleet.Core.Access;
using Fleet.Core.Actors;
using Microsoft.Extensions.Hosting;

namespace Fleet.Cli.Dev;

/// <summary>The token of <c>fleet dev --token</c>: an API key of an admin that lives as long as the process. It is printed once, and is
/// neither in the log nor in a file.</summary>
internal sealed class DevToken(CreateKeys create, RevokeKeys revoke, GetKeys keys, TimeProvider time) : IHostedService
{
    /// <summary>The name of the key.</summary>
    public const string Name = "fleet dev --token";

    // Should the process die without ending it, it ends by itself.
    private static readonly TimeSpan Life = TimeSpan.FromDays(7);

    private readonly KeyText _key = KeyText.New();

    /// <summary>The text of the key.</summary>
    public string Text => _key.Text;

    /// <summary>Ends what a process that was killed has left, and makes the key.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var left in (await keys.ListAsync(cancellationToken)).Where(k => k.Name == Name && k.IsValid(now)))
            await revoke.ExecuteAsync(left.Id, "fleet dev starts anew", ThisProcess.User, cancellationToken);
        var request = new KeyRequest(Name, Role.Admin.ToWord(), ExpiresIn: Life);
        await create.ImportAsync(request, _key, ThisProcess.User, cancellationToken);
    }

    /// <summary>Ends the key, and the sessions that it has opened.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        revoke.ExecuteAsync(_key.Id, "fleet dev ends", ThisProcess.User, cancellationToken);

    /// <summary>How to get in, in two lines. The token stands behind <c>#</c>: a browser sends that part to nobody.</summary>
    /// <param name="server">Where the server listens.</param>
    public string Describe(Uri server)
    {
        // What listens everywhere is reached from here by this name.
        var near = server.Host is "0.0.0.0" or "[::]" ? new UriBuilder(server) { Host = "localhost" }.Uri : server;
        return $"Sign in:  {near.ToString().TrimEnd('/')}/#token={Text}{Environment.NewLine}"
            + $"Programs: FLEET_API_KEY={Text}";
    }
}
