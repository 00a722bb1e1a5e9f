using System.CommandLine;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using Fleet.Cli.Config;
using Fleet.Cli.Versions;
using Fleet.Client;
using Fleet.Core.Checks;
using Fleet.Core.Text;

namespace Fleet.Cli.Doctor;

/// <summary>The checks between this machine and the server: each stands on the ones before it.</summary>
internal sealed class ConnectionChecks(CommandContext cli, ParseResult parsed)
{
    /// <summary>The names of the checks, in their order.</summary>
    public static readonly IReadOnlyList<string> Names = ["settings", "address", "tls", "server", "version", "clock"];

    private static readonly TimeSpan SoonOver = TimeSpan.FromDays(14);

    private readonly List<Check> _done = [];

    /// <summary>Executes them one after the other; after a failure the rest is skipped.</summary>
    /// <param name="ct">Gives up.</param>
    public async IAsyncEnumerable<Check> ExecuteAsync([EnumeratorCancellation] CancellationToken ct)
    {
        Uri? server = null;
        yield return await AddAsync("settings", "'fleet config view' shows each setting, and where it comes from.", _ =>
        {
            var settings = new Settings(cli, parsed);
            server = settings.ServerUri;
            var key = settings.KeySource is { Value: not null, From: var source } ? $"the API key from {source}" : "no API key";
            var (address, from) = (Secrets.HideInUri(settings.Server.Value), settings.Server.From);
            return Task.FromResult(Ok($"The server is {address} (from {from}), with {key}."));
        }, ct);
        var proxy = server is null || server.IsLoopback ? null : HttpClient.DefaultProxy.GetProxy(server);
        yield return await AddAsync(
            "address", "Check the address and the port, that the server runs ('fleet dev' starts one), and firewalls between.",
            token => ConnectAsync(server!, proxy, token), ct);
        yield return await AddAsync(
            "tls", "Check the certificate: its name, its end, and that this machine trusts who signed it.",
            token => CheckTlsAsync(server!, proxy, token), ct);
        VersionView? version = null;
        var (asked, roundTrip) = (default(DateTimeOffset), TimeSpan.Zero);
        yield return await AddAsync("server", "Check the address, the path behind it, and the API key.", async token =>
        {
            using var api = cli.Connect(parsed);
            // The first request connects; the time of the second tells how far the clocks are apart.
            _ = await api.GetAsync("version", token);
            asked = cli.Time.GetUtcNow();
            var begun = cli.Time.GetTimestamp();
            version = api.Read(await api.GetAsync("version", token), ApiJson.Default.VersionView);
            roundTrip = cli.Time.GetElapsedTime(begun);
            return Ok($"Fleet {version.Version} answers, on {version.Runtime}.");
        }, ct);
        yield return await AddAsync("version", "", _ => Task.FromResult(
            version!.Api != "v1"
                ? (CheckStatus.Failed, $"The server speaks API {version.Api}, and this program v1.", "Upgrade the older one.")
            : version.Version == VersionCommand.Own.Version ? Ok($"This program and the server have the same version, {version.Version}.")
            : (CheckStatus.Warning, $"This program has version {VersionCommand.Own.Version}, and the server {version.Version}.",
                "Use the same version on both sides.")), ct);
        yield return await AddAsync(
            "clock", "", _ => Task.FromResult(
                CheckDatabase.Compare(version!.Now - (asked + (roundTrip / 2)), "The clock of the server")), ct);
    }

    private static (CheckStatus Status, string Said, string? Advice) Ok(string said) => (CheckStatus.Ok, said, null);

    private async Task<Check> AddAsync(
        string name, string advice, Func<CancellationToken, Task<(CheckStatus Status, string Said, string? Advice)>> check,
        CancellationToken ct)
    {
        var failed = _done.Find(c => c.Status == CheckStatus.Failed);
        var made = failed is null
            ? await CheckDatabase.RunAsync(name, advice, cli.Time, check, ct)
            : CheckDatabase.Skipped(name, $"The check of {failed.Name} failed.");
        _done.Add(made);
        return made;
    }

    private static async Task<(CheckStatus Status, string Said, string? Advice)> ConnectAsync(Uri server, Uri? proxy, CancellationToken ct)
    {
        var target = proxy ?? server;
        using var socket = await DialAsync(target, ct);
        return Ok($"{target.IdnHost}:{target.Port} accepts connections{(proxy is null ? "" : ", as the proxy")}.");
    }

    private async Task<(CheckStatus Status, string Said, string? Advice)> CheckTlsAsync(Uri server, Uri? proxy, CancellationToken ct)
    {
        if (server.Scheme != Uri.UriSchemeHttps)
        {
            return server.IsLoopback
                ? (CheckStatus.Skipped, "The address is http on this machine.", null)
                : (CheckStatus.Warning, "The address is http: others on the way can read the key and what is sent.",
                    "Put the server behind https.");
        }

        if (proxy is not null)
            return (CheckStatus.Skipped, "A proxy stands between; the next check shows whether the certificate is trusted.", null);
        using var socket = await DialAsync(server, ct);
        var problem = SslPolicyErrors.None;
        await using var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, _, _, errors) =>
        {
            problem = errors;
            return errors == SslPolicyErrors.None;
        });
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = server.IdnHost }, ct);
        }
        catch (AuthenticationException e)
        {
            throw new CommandFailedException(problem switch
            {
                SslPolicyErrors.None => e.Message,
                _ when problem.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
                    $"The certificate is not for the name {server.IdnHost}.",
                _ => "This machine does not trust the certificate: it is over, or nobody known signed it.",
            });
        }

        var until = DateTime.Parse(tls.RemoteCertificate!.GetExpirationDateString(), CultureInfo.InvariantCulture);
        var left = until - cli.Time.GetLocalNow().DateTime;
        var said = string.Create(
            CultureInfo.InvariantCulture, $"{tls.SslProtocol}; the certificate is valid for {(int)left.TotalDays} days.");
        return left < SoonOver ? (CheckStatus.Warning, said, "Renew the certificate.") : Ok(said);
    }

    private static async Task<TcpClient> DialAsync(Uri target, CancellationToken ct)
    {
        var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(target.IdnHost, target.Port, ct);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new CommandFailedException($"{target.IdnHost}:{target.Port}: {e.Message}.");
        }
    }
}
