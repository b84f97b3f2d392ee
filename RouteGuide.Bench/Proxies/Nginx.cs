using RouteGuide.Bench.Processes;

namespace RouteGuide.Bench.Proxies;

/// <summary>nginx with <c>grpc_pass</c>.</summary>
internal sealed class Nginx() : ConfiguredProxy("nginx", "nginx")
{
    // "nginx version: nginx/1.22.1"
    public override async Task<string> ReadVersion(CancellationToken cancellation) =>
        (await Programs.Run(Program, ["-v"], StartPatience, cancellation)).Output.Trim().Split('/')[^1];

    protected override IEnumerable<string> Arguments(string file) => ["-p", Path.GetDirectoryName(file)!, "-c", file];

    // It has one call at a time on a connection to a target, so many connections are kept, and none is ever given up for its age.
    protected override string Configuration(ProxySetup setup, int port) =>
        $$"""
        daemon off;
        user {{Environment.UserName}};
        pid {{setup.Folder}}/nginx.pid;
        error_log {{setup.Folder}}/nginx.log crit;
        worker_processes {{setup.Cpus.Count}};
        worker_rlimit_nofile 20000;

        events {
            worker_connections 20000;
            multi_accept on;
        }

        http {
            access_log off;
            keepalive_timeout 1h;
            keepalive_requests 1000000000;
            client_body_temp_path {{setup.Folder}}/body;
            proxy_temp_path {{setup.Folder}}/proxy;
            fastcgi_temp_path {{setup.Folder}}/fastcgi;
            uwsgi_temp_path {{setup.Folder}}/uwsgi;
            scgi_temp_path {{setup.Folder}}/scgi;

            upstream targets {
        {{string.Join('\n', setup.Backends.Select(backend => $"        server 127.0.0.1:{backend};"))}}
                keepalive 1024;
                keepalive_requests 1000000000;
                keepalive_timeout 1h;
            }

            server {
                listen 127.0.0.1:{{port}} ssl http2 backlog=4096;
                ssl_certificate {{setup.Certificate.CertificateFile}};
                ssl_certificate_key {{setup.Certificate.KeyFile}};
                ssl_protocols TLSv1.3;
                http2_max_concurrent_streams 1000;
                location / {
                    grpc_pass grpc://targets;
                    grpc_buffer_size 64k;
                    grpc_read_timeout 1h;
                    grpc_send_timeout 1h;
                }
            }
        }

        """;
}
