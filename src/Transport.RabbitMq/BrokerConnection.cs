using System.Security.Authentication;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>The broker cannot be used as the settings say. The message names it and is fit for people.</summary>
public sealed class BrokerUnusableException(string message, Exception inner) : Exception(message, inner);

/// <summary>A connection beside the bus's.</summary>
internal static class BrokerConnection
{
    /// <summary>The largest message that a broker can be made to take. A client that is told of a larger one than it allows closes its
    /// connection, and the next worker gets the message.</summary>
    public const uint MaxMessageBytes = 512 * 1024 * 1024;

    /// <summary>TLS as every connection to a broker uses it.</summary>
    public const SslProtocols TlsVersions = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <exception cref="BrokerUnusableException">Nobody answers, or not with this user or virtual host.</exception>
    public static async Task<IConnection> OpenAsync(RabbitMqSettings settings, CancellationToken ct)
    {
        var factory = new ConnectionFactory
        {
            HostName = settings.Host,
            Port = settings.Port,
            VirtualHost = settings.VirtualHost,
            UserName = settings.User,
            Password = settings.Password,
            ClientProvidedName = "fleet",
            AutomaticRecoveryEnabled = false,
            MaxInboundMessageBodySize = MaxMessageBytes,
            RequestedConnectionTimeout = BrokerChannel.Patience,
            Ssl = new SslOption(settings.Host, enabled: settings.UsesTls)
            {
                Version = TlsVersions,
                CertificateValidationCallback = settings.Trust is { } trust ? trust.IsTrusted : null,
            },
        };
        using var limit = new CancellationTokenSource(BrokerChannel.Patience, TimeProvider.System);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            // The client waits forever for the first words of one that accepts the connection and says nothing.
            var connection = await factory.CreateConnectionAsync(bounded.Token).WaitAsync(bounded.Token);
            return await ProveAsync(connection, bounded.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new BrokerUnusableException(
                Explain(settings, new TimeoutException($"it did not answer within {BrokerChannel.Patience}", e)), e);
        }
        catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException)
        {
            throw new BrokerUnusableException(
                Explain(settings, e is BrokerUnreachableException { InnerException: { } inner } ? inner : e), e);
        }
    }

    /// <summary>Opens a channel once: only then a broker tells that there is no such virtual host.</summary>
    private static async Task<IConnection> ProveAsync(IConnection connection, CancellationToken ct)
    {
        try
        {
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static string Explain(RabbitMqSettings settings, Exception cause)
    {
        var broker = $"The broker at {settings.Host}:{settings.Port}";
        return cause switch
        {
            AuthenticationFailureException or PossibleAuthenticationFailureException =>
                $"{broker} refuses user '{settings.User}': the name or the password is wrong.",
            OperationInterruptedException { ShutdownReason: { ReplyCode: Constants.NotAllowed } reason } =>
                $"{broker} does not let user '{settings.User}' use the virtual host '{settings.VirtualHost}': {reason.ReplyText}.",
            TimeoutException => $"{broker} cannot be reached: {cause.Message}.",
            _ when Find<AuthenticationException>(cause) is { } tls =>
                $"{broker} is not trusted, or speaks no TLS there: {tls.Message.TrimEnd('.')}. Fleet:Transport:CaFile names a certificate "
                    + "authority of one's own.",
            _ => $"{broker} cannot be reached: {Innermost(cause).Message.TrimEnd('.')}.",
        };
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    private static T? Find<T>(Exception? e) where T : Exception => e is null ? null : e as T ?? Find<T>(e.InnerException);
}
