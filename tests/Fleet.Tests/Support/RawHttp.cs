using System.Net.Sockets;
using System.Text;

namespace Fleet.Tests.Support;

/// <summary>Sends requests that no client would.</summary>
internal static class RawHttp
{
    /// <summary>Sends bytes as they are, and answers with what comes back until the server closes the connection.</summary>
    public static async Task<string> SendAsync(Uri server, byte[] request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, limit.Token);
        var stream = client.GetStream();
        var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(request, limit.Token);
            await stream.CopyToAsync(answer, limit.Token);
        }
        catch (IOException)
        {
            // The server has answered, and closed before it had read all.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
